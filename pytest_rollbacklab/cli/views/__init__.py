"""What people see: values of the lab as blocks of text and tables. Nothing here asks or prints."""
