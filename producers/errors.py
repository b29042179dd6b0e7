"""What `producers` raises on purpose.

ProducerError
├── ConfigError           an argument or config.json that cannot be used
├── SourceError           a log file or checkpoint that cannot be read
├── DeadLetterError       a dead-letter file that cannot be read, written or locked
└── SendRefusedError      Firehose refused for good: no such stream, no permission, no credentials
"""


class ProducerError(Exception):
    """Base of all; its text is the answer a user gets."""


class ConfigError(ProducerError):
    """An argument or a configuration file that cannot be used; the text names the key and what is allowed."""


class SourceError(ProducerError):
    """A log file or a checkpoint that cannot be read."""


class DeadLetterError(ProducerError):
    """A dead-letter file that cannot be read, written or locked."""


class SendRefusedError(ProducerError):
    """Firehose, or the credentials chain before it, refused for good; sending the same again cannot help."""

    def __init__(self, stream: str, code: str, message: str) -> None:
        self.stream, self.code = stream, code
        super().__init__(f"stream {stream}: {code}: {message.rstrip('.')}. {_advice(code)}")


def _advice(code: str) -> str:
    return _ADVICE.get(code, "Nothing more was sent")


_ADVICE = {
    "ResourceNotFoundException": "Deploy the stream first, or name the right stream and Region",
    "AccessDeniedException": "The caller needs firehose:PutRecordBatch on this stream",
    "NoCredentials": "Set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run `aws configure`",
    **dict.fromkeys(("ExpiredTokenException", "ExpiredToken"), "Get fresh credentials and replay the dead-letter file"),
    **dict.fromkeys(
        ("InvalidSignatureException", "RequestExpired", "SignatureDoesNotMatch"),
        "Set this machine's clock (AWS takes 5 minutes of difference), look at the secret key, and replay the dead-letter file",
    ),
    **dict.fromkeys(
        ("UnrecognizedClientException", "InvalidClientTokenId", "IncompleteSignatureException"),
        "The access key is not known there: look at AWS_ACCESS_KEY_ID or the profile, and replay the dead-letter file",
    ),
}
