"""What can keep a local stack from running, said in sentences for the person who started it."""


class StackError(Exception):
    """The stack can't start or go on. The message is a sentence that says what to do about it."""


class NotReadyError(StackError):
    """A process did not come up. The message carries the tail of its log."""
