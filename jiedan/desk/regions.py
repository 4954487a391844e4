"""Provinces and the sales regions they belong to."""

from __future__ import annotations

from jiedan.desk.values import clean

_PROVINCES = {
    "华东": "上海 江苏 浙江 安徽 福建 江西 山东",
    "华北": "北京 天津 河北 山西 内蒙古",
    "华中": "河南 湖北 湖南",
    "华南": "广东 广西 海南",
    "西南": "重庆 四川 贵州 云南 西藏",
    "西北": "陕西 甘肃 青海 宁夏 新疆",
    "东北": "辽宁 吉林 黑龙江",
    "港澳台": "香港 澳门 台湾",
}
REGIONS = tuple(_PROVINCES)
REGION_OF = {province: region for region, names in _PROVINCES.items() for province in names.split()}
PROVINCES = tuple(REGION_OF)


def known_province(text: str) -> str | None:
    """The short name of a province however it was written (上海市, 广西壮族自治区)."""
    cleaned = clean(text)
    for province in PROVINCES:
        if cleaned.startswith(province):
            return province
    return None


def region_of(province: str | None) -> str | None:
    """The sales region of a province; None for no known province."""
    short = known_province(province or "")
    return REGION_OF.get(short) if short else None
