"""What happens to members beside the conversation: reminders, private chats (`rules.md` T5)."""
