"""Which addresses may be asked: by their text, and by their number."""

import json
from ipaddress import ip_address, ip_network

import pytest

from billfold.outgoing.errors import REFUSED_TEXT, Refused
from billfold.outgoing.guard import Role, check_url, is_public

_NOT_PUBLIC_TEXT = """
0.0.0.0 0.1.2.3 10.0.0.0 10.255.255.255 100.64.0.0 100.127.255.255 127.0.0.1 127.255.255.255 168.63.129.16
169.254.0.1 169.254.169.254 172.16.0.0 172.31.255.255 192.0.0.8 192.0.0.170 192.0.2.9 192.31.196.1 192.52.193.1
192.88.99.1 192.168.0.0 192.168.255.255 192.175.48.1 198.18.0.0 198.19.255.255 198.51.100.7 203.0.113.7 224.0.0.1
239.255.255.255 240.0.0.1 255.255.255.255
:: ::1 ::127.0.0.1 ::8.8.8.8 ::ffff:127.0.0.1 ::ffff:8.8.8.8 ::ffff:0:127.0.0.1 64:ff9b::7f00:1 64:ff9b::808:808
64:ff9b:1::1 100::1 100:0:0:1::1 2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:2::1 2001:10::1 2001:20::1
2001:1ff:ffff::1 2001:db8::1 2002:808:808::1 2620:4f:8000::1 3fff::1 3fff:fff:ffff::1 4000::1 5f00::1 fc00::1 fd00:ec2::254
fe80::1 fe80::1%1 2a00:1450::1%1 febf::1 fec0::1 ff02::1 ff0e::1 2a00:1450:4001:800:0:5efe:a00:1
2a00:1450:4001:800:200:5efe:808:808
"""
_PUBLIC_TEXT = """
1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 169.253.255.255
169.255.0.0 172.15.255.255 172.32.0.0 192.0.1.0 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 223.255.255.255
2001:200::1 2001:4860:4860::8888 2003::1 2600::1 2606:4700::1111 2a00:1450:4001:800::200e 2d00::1 3ffe::1
"""
NOT_PUBLIC = _NOT_PUBLIC_TEXT.split()
PUBLIC = _PUBLIC_TEXT.split()


@pytest.mark.parametrize("text", NOT_PUBLIC)
def test_an_address_of_a_special_registry_is_not_public(text: str) -> None:
    assert not is_public(ip_address(text))


@pytest.mark.parametrize("text", PUBLIC)
def test_the_neighbours_of_special_ranges_are_public(text: str) -> None:
    assert is_public(ip_address(text))


def test_the_operators_own_networks_are_not_public_to_strangers() -> None:
    own = (ip_network("45.60.70.0/24"), ip_network("2a01:4f8:1:2::/64"))
    assert not is_public(ip_address("45.60.70.80"), own)
    assert not is_public(ip_address("2a01:4f8:1:2::80"), own)
    assert is_public(ip_address("45.60.71.80"), own)
    assert is_public(ip_address("2a01:4f8:1:3::80"), own)


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("https://images.example.com", "https://images.example.com/"),
        ("HTTPS://Images.Example.COM/Logo.PNG", "https://images.example.com/Logo.PNG"),
        ("https://images.example.com:443/a", "https://images.example.com/a"),
        ("https://images.example.com?v=2", "https://images.example.com/?v=2"),
        ("https://images.example.com/a/../b?x=[1]&y=%20", "https://images.example.com/a/../b?x=[1]&y=%20"),
        ("https://images.example.com/größe.png", "https://images.example.com/gr%C3%B6%C3%9Fe.png"),
        ('https://images.example.com/"<x>`|', "https://images.example.com/%22%3Cx%3E%60%7C"),
        ("https://münchen.example/a", "https://xn--mnchen-3ya.example/a"),
        ("https://MÜNCHEN.example/a", "https://xn--mnchen-3ya.example/a"),
        ("https://bucket_1.s3.example.com/a", "https://bucket_1.s3.example.com/a"),
        ("https://8.8.8.8/a", "https://8.8.8.8/a"),
        ("https://[2606:4700:0::1111]/a", "https://[2606:4700::1111]/a"),
    ],
)
def test_an_honest_address_is_parsed_once_into_its_canonical_form(text: str, canonical: str) -> None:
    target = check_url(text, role=Role.UNTRUSTED)
    assert target.url == canonical
    assert check_url(target.url, role=Role.UNTRUSTED) == target


@pytest.mark.parametrize(
    "text",
    [
        "http://localhost:8080/3/device",
        "http://127.0.0.1:2197/",
        "https://[::1]:2197/",
        "https://apns.internal:2197/",
        "https://api.push.apple.com",
    ],
)
def test_the_operator_may_name_any_host_and_port(text: str) -> None:
    assert check_url(text, role=Role.TRUSTED).url.rstrip("/") == text.rstrip("/")


@pytest.mark.parametrize(
    "text",
    [
        "ftp://localhost/",
        "https://user@localhost/",
        "https://localhost:0/",
        "https://localhost:70000/",
        "https://127.1/",
        "https://localhost\\@evil.example/",
        "https://localhost/\r\nX: y",
        "https://localhost/#x",
        "https://local\ud800host/",
        f"https://localhost/{'a' * 5000}",
        f"https://{'a' * 64}.example/",
        f"https://{'a.' * 127}example/",
    ],
)
def test_even_the_operators_addresses_must_have_one_reading(text: str) -> None:
    with pytest.raises(Refused):
        check_url(text, role=Role.TRUSTED)


def test_a_pair_that_the_operator_listed_is_reachable_by_http_and_on_no_other_port() -> None:
    listed = frozenset({("127.0.0.1", 8099), ("images.test", 8443)})
    assert check_url("http://127.0.0.1:8099/a.png", role=Role.UNTRUSTED, allow_untrusted=listed).allowed_by_operator
    assert check_url("https://images.test:8443/", role=Role.UNTRUSTED, allow_untrusted=listed).allowed_by_operator
    for text in ("http://127.0.0.1:8100/a.png", "http://127.0.0.2:8099/", "http://images.test/", "https://127.1:8099/"):
        with pytest.raises(Refused):
            check_url(text, role=Role.UNTRUSTED, allow_untrusted=listed)


def test_every_refusal_reads_the_same_and_repeats_nothing_of_the_input() -> None:
    for text in ("https://127.0.0.1/secret", "ftp://x.example/secret", "https://intranet/secret", "secret"):
        with pytest.raises(Refused) as caught:
            check_url(text, role=Role.UNTRUSTED)
        assert str(caught.value) == REFUSED_TEXT
        assert "secret" not in json.dumps(vars(caught.value))
