"""Documents for people and clerks: defined in `faq/forms`, asked for, checked, written as Word file and PDF."""
