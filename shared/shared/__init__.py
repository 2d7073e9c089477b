"""What every MemberPass service speaks. Knows no service and imports none."""
