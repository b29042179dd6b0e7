"""Send records to a delivery stream: the sender, the StoreApp generator and the Apache log source."""
