terraform {
  required_version = ">= 1.10"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

# Endpoints, credentials and account come from the environment alone: nothing here knows which cloud it is.
provider "aws" {
  region = var.region

  default_tags {
    tags = merge({ project = "firehose-as-code", pipeline = local.pipeline }, var.tags)
  }
}
