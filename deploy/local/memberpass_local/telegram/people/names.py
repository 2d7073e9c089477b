"""First names for people that a test or the chat page just numbers."""

_NAMES = (
    "Ada", "Bruno", "Clara", "Diego", "Elif", "Farah", "Goran", "Hana", "Ivan", "Joana", "Kofi", "Lena", "Mateo", "Nadia",
    "Omar", "Paula", "Quinn", "Rosa", "Sven", "Tara", "Umar", "Vera", "Wanda", "Ximena", "Yusuf", "Zoe",
)  # fmt: skip


def default_name(user_id: int) -> str:
    """Always the same name for the same id."""
    return _NAMES[user_id % len(_NAMES)]
