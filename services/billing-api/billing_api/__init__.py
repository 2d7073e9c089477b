"""Accounts, platform plans, subscriptions, quota, usage fees, invoices and standing."""
