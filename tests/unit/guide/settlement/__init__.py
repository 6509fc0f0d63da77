"""The rules of settling: terms, versions, plans over several obligations, figures, and what people write."""
