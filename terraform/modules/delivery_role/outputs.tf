output "arn" {
  description = "ARN of the role, known once its policy is attached: Firehose checks it when the stream is created."
  value       = aws_iam_role.this.arn

  depends_on = [aws_iam_role_policy.delivery]
}
