"""One file a task: which owner is asked, in which order. What is then done, the owner decides."""
