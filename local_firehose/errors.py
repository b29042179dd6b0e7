"""What `local_firehose` raises on purpose.

LocalFirehoseError
├── WireError                        what the caller gets as an AWS error; type, message and HTTP status as AWS sends them
│   ├── ValidationError              the service model's constraints, several joined in one message
│   ├── SerializationError           the body is not JSON, or a member has the wrong JSON type
│   ├── UnknownOperationError        X-Amz-Target names no Firehose operation
│   ├── MissingAuthenticationError   no SigV4 signature, so neither Region nor account is known
│   ├── InvalidArgumentError         a rule between members, in AWS's prose
│   ├── ResourceNotFoundError        no such stream
│   ├── ResourceInUseError           the name is taken, or the stream is in the wrong state
│   ├── LimitExceededError           a quota
│   ├── ConcurrentModificationError  UpdateDestination with a stale version id
│   ├── AccessDeniedError            a role of another account
│   ├── InvalidKmsResourceError      the key of a stream cannot be used
│   ├── InvalidSourceError           the caller may not put to this stream
│   ├── ServiceUnavailableError      come back later (HTTP 503)
│   └── InternalFailureError         our own fault (HTTP 500)
├── AdminRequestError                a request below /_local_firehose/ that cannot be carried out
├── PrefixExpressionError            a prefix that cannot be evaluated
├── StartError                       the server cannot start
│   ├── StateFolderError             the state folder cannot be used
│   └── AddressInUseError            the port is taken
└── BackingServiceError              S3, Glue, IAM, STS … at the endpoint does not answer

Pure. Source: https://docs.aws.amazon.com/firehose/latest/APIReference/CommonErrors.html
"""


class LocalFirehoseError(Exception):
    """Whatever `local_firehose` raises on purpose."""


class WireError(LocalFirehoseError):
    """An error as AWS puts it on the wire: `type` is the ``__type``, `status` the HTTP status, `code` a member some errors carry."""

    type = "InternalFailure"
    status = 500

    def __init__(
        self, message: str, *, error_type: str | None = None, status: int | None = None, code: str | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        if error_type is not None:
            self.type = error_type
        if status is not None:
            self.status = status


class ValidationError(WireError):
    type, status = "ValidationException", 400  # observed: not among the modelled errors


class SerializationError(WireError):
    type, status = "SerializationException", 400


class UnknownOperationError(WireError):
    type, status = "UnknownOperationException", 400


class MissingAuthenticationError(WireError):
    type, status = "MissingAuthenticationTokenException", 400


class InvalidArgumentError(WireError):
    type, status = "InvalidArgumentException", 400


class ResourceNotFoundError(WireError):
    type, status = "ResourceNotFoundException", 400


class ResourceInUseError(WireError):
    type, status = "ResourceInUseException", 400  # observed: 400, not 409


class LimitExceededError(WireError):
    type, status = "LimitExceededException", 400


class ConcurrentModificationError(WireError):
    type, status = "ConcurrentModificationException", 400


class AccessDeniedError(WireError):
    type, status = "AccessDeniedException", 400


class InvalidKmsResourceError(WireError):
    type, status = "InvalidKMSResourceException", 400


class InvalidSourceError(WireError):
    type, status = "InvalidSourceException", 400


class ServiceUnavailableError(WireError):
    type, status = "ServiceUnavailableException", 503  # documented: the one modelled server fault


class InternalFailureError(WireError):
    type, status = "InternalFailure", 500


class AdminRequestError(LocalFirehoseError):
    """A request to the admin path that cannot be carried out; `status` is its HTTP status."""

    def __init__(self, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class PrefixExpressionError(LocalFirehoseError):
    """A prefix expression that cannot be evaluated; `expression` is its text, ``!{…}`` included."""

    def __init__(self, expression: str, reason: str) -> None:
        self.expression = expression
        super().__init__(f"{expression}: {reason}")


class StartError(LocalFirehoseError):
    """The server cannot start."""


class StateFolderError(StartError):
    """The folder for streams and journal cannot be used."""


class AddressInUseError(StartError):
    """Another process listens on the port."""


class BackingServiceError(LocalFirehoseError):
    """A backing service does not answer; `service` is its name, `endpoint` where it was sought."""

    def __init__(self, service: str, endpoint: str, reason: str) -> None:
        self.service, self.endpoint = service, endpoint
        super().__init__(
            f"{service} at {endpoint} does not answer ({reason}); start it, or point AWS_ENDPOINT_URL "
            f"(or AWS_ENDPOINT_URL_{service.upper()}) at one that does"
        )
