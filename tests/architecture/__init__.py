"""The house itself: arrows, words, settings, and where each of them may stand."""
