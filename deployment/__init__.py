"""Deploy the pipelines: targets, the local cloud, and Terraform driven through python-terraform."""
