"""Reception: rules without a database."""
