"""Published facts about Amazon Data Firehose and the file formats that the packages share; standard library only."""
