"""The chapters, in the order they are told."""

from memberpass_local.demo.chapters.account import open_account
from memberpass_local.demo.chapters.arrears import stop_paying
from memberpass_local.demo.chapters.batches import small_batch
from memberpass_local.demo.chapters.expiry import let_codes_expire
from memberpass_local.demo.chapters.project import set_up_project
from memberpass_local.demo.chapters.quota import large_batch_over_quota
from memberpass_local.demo.chapters.redemption import members_redeem

CHAPTERS = (open_account, set_up_project, small_batch, large_batch_over_quota, members_redeem, let_codes_expire, stop_paying)
