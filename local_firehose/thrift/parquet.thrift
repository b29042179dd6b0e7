/**
 * The part of Apache Parquet's file metadata that local_firehose writes itself: the schema.
 *
 * NOTICE: after the Apache Parquet format specification, Copyright The Apache Software Foundation, licensed under the
 * Apache License, Version 2.0: https://github.com/apache/parquet-format. Field numbers and enum values are the format's;
 * everything else of the metadata is passed on as bytes and needs no definition here.
 */
namespace py local_firehose

enum Type {
  BOOLEAN = 0
  INT32 = 1
  INT64 = 2
  INT96 = 3
  FLOAT = 4
  DOUBLE = 5
  BYTE_ARRAY = 6
  FIXED_LEN_BYTE_ARRAY = 7
}

enum ConvertedType {
  UTF8 = 0
  MAP = 1
  MAP_KEY_VALUE = 2
  LIST = 3
  DECIMAL = 5
  DATE = 6
  INT_8 = 15
  INT_16 = 16
}

enum FieldRepetitionType {
  REQUIRED = 0
  OPTIONAL = 1
  REPEATED = 2
}

struct SchemaElement {
  1: optional Type type
  2: optional i32 type_length
  3: optional FieldRepetitionType repetition_type
  4: required string name
  5: optional i32 num_children
  6: optional ConvertedType converted_type
  7: optional i32 scale
  8: optional i32 precision
}

/** FileMetaData as far as it is rewritten; the fields from 3 on follow unchanged. */
struct FileMetaDataHead {
  1: required i32 version
  2: required list<SchemaElement> schema
}

/** ColumnMetaData.path_in_schema as a struct of its own, to encode one list of names. */
struct PathInSchema {
  3: required list<string> path_in_schema
}
