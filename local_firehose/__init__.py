"""Amazon Data Firehose S3 delivery on this machine: the API over HTTP, a durable journal, and the delivery engine."""
