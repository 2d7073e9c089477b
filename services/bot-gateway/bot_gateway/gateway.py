"""What a running gateway is made of; lives on `app.state`."""

from dataclasses import dataclass

from aiogram import Dispatcher
from aiogram.client.session.base import BaseSession
from fastapi import Request
from shared.clients.codes import CodesClient

from bot_gateway.bots.registry import Bots
from bot_gateway.settings import Settings


@dataclass(frozen=True, slots=True)
class Gateway:
    """The open parts of one process."""

    settings: Settings
    codes: CodesClient
    hasty_codes: CodesClient
    session: BaseSession
    dispatcher: Dispatcher
    bots: Bots


def gateway_of(request: Request) -> Gateway:
    """The running gateway, as a FastAPI dependency."""
    gateway: Gateway = request.app.state.gateway
    return gateway
