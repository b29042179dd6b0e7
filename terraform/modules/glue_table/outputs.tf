output "database" {
  description = "Database of the table."
  value       = aws_glue_catalog_table.this.database_name
}

output "name" {
  description = "Name of the table."
  value       = aws_glue_catalog_table.this.name
}
