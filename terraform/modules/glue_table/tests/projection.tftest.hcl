mock_provider "aws" {}

variables {
  database    = "db"
  name        = "events"
  description = "Test."
  location    = "s3://bucket/data/"
  columns     = [{ name = "store_id", type = "string" }, { name = "at", type = "timestamp" }]
  partition_keys = [
    { name = "store_id", expression = ".store_id", folder = "store_id=", column = "p_store_id", projection = { type = "injected" } },
    { name = "year", expression = ".at|strftime(\"%Y\")", projection = { type = "integer", range = "2024,2035", digits = 4 } },
    { name = "kind", expression = ".kind", projection = { type = "enum", values = "a,b" } },
  ]
}

run "every_key_is_a_partition_column_with_a_projection_and_a_place_in_the_template" {
  command = plan

  assert {
    condition     = [for key in aws_glue_catalog_table.this.partition_keys : "${key.name} ${key.type}"] == ["p_store_id string", "year int", "kind string"]
    error_message = "Partition columns: ${jsonencode(aws_glue_catalog_table.this.partition_keys)}"
  }

  assert {
    condition = aws_glue_catalog_table.this.parameters == tomap({
      "EXTERNAL"                   = "TRUE"
      "classification"             = "parquet"
      "projection.enabled"         = "true"
      "storage.location.template"  = "s3://bucket/data/store_id=$${p_store_id}/$${year}/$${kind}/"
      "projection.p_store_id.type" = "injected"
      "projection.year.type"       = "integer"
      "projection.year.range"      = "2024,2035"
      "projection.year.digits"     = "4"
      "projection.kind.type"       = "enum"
      "projection.kind.values"     = "a,b"
    })
    error_message = "Parameters: ${jsonencode(aws_glue_catalog_table.this.parameters)}"
  }
}

run "without_keys_nothing_is_projected" {
  command = plan
  variables {
    partition_keys = []
  }

  assert {
    condition     = length(aws_glue_catalog_table.this.partition_keys) == 0 && jsonencode(keys(aws_glue_catalog_table.this.parameters)) == jsonencode(["EXTERNAL", "classification"])
    error_message = "A conversion table has columns only."
  }
}

run "a_partition_column_named_like_a_data_column_is_refused" {
  command = plan
  variables {
    partition_keys = [{ name = "store_id", expression = ".store_id", projection = { type = "injected" } }]
  }
  expect_failures = [var.partition_keys]
}

run "an_enum_without_values_is_refused" {
  command = plan
  variables {
    partition_keys = [{ name = "kind", expression = ".kind", projection = { type = "enum" } }]
  }
  expect_failures = [var.partition_keys]
}

run "an_unknown_projection_is_refused" {
  command = plan
  variables {
    partition_keys = [{ name = "kind", expression = ".kind", projection = { type = "guess" } }]
  }
  expect_failures = [var.partition_keys]
}

run "a_column_in_capitals_is_refused" {
  command = plan
  variables {
    columns = [{ name = "Store", type = "string" }]
  }
  expect_failures = [var.columns]
}

run "a_column_named_twice_is_refused" {
  command = plan
  variables {
    columns = [{ name = "store", type = "string" }, { name = "store", type = "int" }]
  }
  expect_failures = [var.columns]
}

run "a_location_without_a_slash_at_its_end_is_refused" {
  command = plan
  variables {
    location = "s3://bucket/data"
  }
  expect_failures = [var.location]
}

run "a_name_in_capitals_is_refused" {
  command = plan
  variables {
    name = "Events"
  }
  expect_failures = [var.name]
}
