"""Deliveries of well-formed tables whose contents may not be taken in at all."""

from __future__ import annotations

from tests.corpus.model import Refused, as_table, listed
from tests.deliveries import Delivery, csv_of, numbers, stops

MY_NUMBER = "INTAKE-MYNUMBER"


def _stop_list_with_one(d: Delivery) -> None:
    d.nil = frozenset()
    d.add("stop_list", stops((numbers(1)[0], "1", "備考１２３４－５６７８－９０１８")))


def _unsigned(d: Delivery) -> None:
    d.nil = frozenset()


# fmt: off
CONTENTS = [
    Refused("an individual number in an address", listed(address_extra="123456789018"), MY_NUMBER, "target_list:4行目"),
    Refused("an individual number in groups", listed(address_extra="備考 1234-5678-9018"), MY_NUMBER,
            "target_list:4行目"),
    Refused("an individual number for a telephone", listed(phone="１２３４５６７８９０１８"), MY_NUMBER,
            "target_list:4行目"),
    Refused("an individual number in a stop list", _stop_list_with_one, MY_NUMBER, "stop_list:2行目"),
    Refused("a target list of nobody", lambda d: d.add("target_list", []), "INTAKE-EMPTY", "target_list"),
    Refused("a header alone where three were announced", as_table(lambda: csv_of("target_list", [])), "INTAKE-COUNT",
            "target_list"),
    Refused("an empty stop list that does not say so", _unsigned, "STOP-EMPTY", "stop_list"),
]
# fmt: on
