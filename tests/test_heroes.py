"""Heroes: pictures that repeat with the seed, captions that are true, and what is held out."""

from __future__ import annotations

import itertools

import pytest
import torch
from torch import Generator, Tensor

from diffviz.data import DATA_SETS, DataChoice, load_data_set
from diffviz.data.heroes.layers import COLOURED, LAYERS, PLAIN
from diffviz.data.heroes.rules import (
    COLOUR_OF,
    HELD_OUT,
    SLOT_INDEX,
    SLOTS,
    UNFIT,
    allowed,
    decode,
    draw_values,
    encode,
    is_held_out,
)
from diffviz.data.heroes.sentences import sentence
from diffviz.data.heroes.stacks import (
    FILES,
    INFO,
    SPLITS,
    Heroes,
    Stack,
    choose_cells,
    compose,
    draw,
    drawings_of,
    load_sheet,
)
from diffviz.data.language import NONE

# A change of this size in the sum of a pixel's channels (57 of 765 levels) is plain to the eye.
PLAIN_CHANGE = 0.45

FOREVER = [
    "a mummy in a brown robe, a blue cloak, red boots and a crown, holding a mace, "
    "on a grey background, no hair, no beard, no trousers, no gloves, "
    "nothing in the off hand",
    "a lava orc in blue dragon armour, red boots and a straw hat, "
    "holding a spear and a torch, on a grey background, no hair, no beard, no cloak, "
    "no trousers, no gloves",
]
FOREVER_SUMS = [271529, 293101]


def seeded(seed: int = 0) -> Generator:
    return Generator().manual_seed(seed)


def holds(condition: dict[str, str], part: dict[str, str]) -> bool:
    return part.items() <= condition.items()


def changed_pixels(one: Tensor, other: Tensor) -> Tensor:
    return ((one - other).abs().sum(1) > PLAIN_CHANGE).flatten(1).sum(1)


def test_batches_are_in_range_and_repeat_with_the_seed() -> None:
    data = Heroes()
    x0, condition = data.batch(64, seeded(1))
    again, condition_again = data.batch(64, seeded(1))
    other, _ = data.batch(64, seeded(2))
    assert torch.equal(x0, again)
    assert torch.equal(condition, condition_again)
    assert not torch.equal(x0, other)
    assert x0.shape == (64, *INFO.shape)
    assert x0.dtype == torch.float32
    assert x0.abs().max() <= 1
    assert condition.shape == (64, len(SLOTS))
    assert condition.dtype == torch.int64


def test_a_seed_means_the_same_hero_for_ever() -> None:
    stack = Heroes().draw(2, seeded(0))
    assert [sentence(decode(row)) for row in stack.values] == FOREVER
    colours = compose(stack).add(1).mul(127.5).round().sum((1, 2, 3)).int()
    assert colours.tolist() == FOREVER_SUMS


def test_no_random_numbers_but_the_generators() -> None:
    before = torch.get_rng_state()
    Heroes("held-out").batch(8, seeded())
    assert torch.equal(torch.get_rng_state(), before)


def test_sigma_data_is_the_root_mean_square() -> None:
    x0, _ = Heroes().batch(3000, seeded(3))
    assert x0.double().square().mean().sqrt().item() == pytest.approx(INFO.sigma_data, rel=0.01)


def test_every_slot_is_said_but_colours_of_what_has_none() -> None:
    values = Heroes("all").draw(5000, seeded(4)).values
    for slot in SLOTS:
        column = values[:, SLOT_INDEX[slot.name]]
        drawn = set(column.tolist())
        assert drawn - {0} == set(range(1, len(slot.values) + 1)), f"{slot.name} lacks a value"
        assert (0 in drawn) == (slot.name in COLOUR_OF.values())
    for slot_name, colour in COLOUR_OF.items():
        kinds = COLOURED[slot_name]
        for row in values[:500]:
            said = decode(row)
            assert said.get(colour, "") in kinds.get(said[slot_name], {"": ""})


def test_rules_are_kept() -> None:
    for row in Heroes("all").draw(3000, seeded(5)).values:
        said = decode(row)
        for rule in UNFIT:
            if said[rule.slot] in rule.values:
                other = said[rule.other]
                assert other not in rule.others if rule.others else other == NONE


def test_the_drawings_are_those_of_the_values() -> None:
    """Each value of each slot has drawings, and no drawing shows two values."""
    sheet = load_sheet()
    for layer, (name, slot) in enumerate(LAYERS.items()):
        shown = [
            drawing
            for colours in drawings_of(slot).values()
            for names in colours.values()
            for drawing in names.split()
        ]
        assert len(shown) == len(set(shown)), f"{name}: a drawing is used twice"
        used = sheet.cells[layer][sheet.cells[layer] > 0]
        assert len(used) == len(shown)
        assert sheet.alpha[used].flatten(1).amax(1).min() > 0.9


def test_each_thing_said_is_in_sight() -> None:
    """Without its drawing a picture changes, in pixels enough to see it, whatever else is there."""
    stack = Heroes("all").draw(2500, seeded(6))
    whole = compose(stack)
    for layer, slot in enumerate(LAYERS.values()):
        without = stack.cells.clone()
        without[:, layer] = 0
        rows = stack.cells[:, layer] > 0
        changed = changed_pixels(compose(Stack(stack.values[rows], without[rows])), whole[rows])
        assert changed.min() >= 2, slot
        assert changed.float().quantile(0.01) >= 6, slot


@pytest.mark.parametrize("slot", [slot for slot in LAYERS.values() if slot != "species"])
def test_one_other_word_is_another_picture(slot: str) -> None:
    """Two pictures that differ in one slot alone differ in more than a few pixels."""
    stack = Heroes("all").draw(1500, seeded(7))
    column = SLOT_INDEX[slot]
    species, layer = (list(LAYERS.values()).index(name) for name in ("species", slot))
    by_value = {
        value: stack.cells[stack.values[:, column] == value][0, layer]
        for value in range(1, len(SLOTS[column].values) + 1)
    }
    row = stack.values[:1]
    cells = stack.cells[:1].repeat(len(by_value), 1)
    cells[:, [i for i in range(len(LAYERS)) if i not in (species, layer)]] = 0
    cells[:, layer] = torch.stack(list(by_value.values()))
    pictures = compose(Stack(row.expand(len(cells), -1), cells))
    for one, other in itertools.combinations(pictures, 2):
        assert changed_pixels(one[None], other[None]) >= 8


def test_layers_are_stacked_by_alpha() -> None:
    """Against the same, one pixel row after the other, in float64."""
    sheet, stack = load_sheet(), Heroes().draw(4, seeded(8))
    for picture, cells, values in zip(compose(stack), stack.cells, stack.values, strict=True):
        expected = sheet.backgrounds[values[SLOT_INDEX["background"]]].double().expand(3, 32, 32)
        for cell in cells.tolist():
            expected = expected * (1 - sheet.alpha[cell].double()) + sheet.colour[cell].double()
        assert torch.allclose(picture.double(), expected, atol=1e-6)


def test_held_out_combinations_are_never_trained_on() -> None:
    values = Heroes("train").draw(20_000, seeded(9)).values
    assert not is_held_out(values).any()
    for part in HELD_OUT:  # counted here another way
        row = encode(part)
        assert not (values[:, row > 0] == row[row > 0]).all(1).any()


def test_each_half_of_what_is_held_out_is_trained_on() -> None:
    values = Heroes("train").draw(5000, seeded(10)).values
    for part in HELD_OUT:
        for slot, value in part.items():
            assert (values[:, SLOT_INDEX[slot]] == encode({slot: value}).max()).sum() > 20
    blue_robe = encode({"clothes": "robe", "clothes colour": "blue"})
    assert (values[:, blue_robe > 0] == blue_robe[blue_robe > 0]).all(1).sum() > 20


def test_the_held_out_split_holds_all_of_them_and_nothing_else() -> None:
    values = Heroes("held-out").draw(2000, seeded(11)).values
    assert is_held_out(values).all()
    captions = [decode(row) for row in values]
    for part in HELD_OUT:
        assert sum(holds(caption, part) for caption in captions) > 100


def test_leaving_them_out_skews_little() -> None:
    trained, whole = (Heroes(split).draw(20_000, seeded(12)).values for split in ("train", "all"))
    for slot in range(len(SLOTS)):
        shares = [
            values[:, slot].bincount(minlength=25).double() / len(values)
            for values in (trained, whole)
        ]
        assert (shares[0] - shares[1]).abs().max() < 0.02


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_what_is_said_is_drawn(share: float) -> None:
    """Any part of any caption, those held out too."""
    generator = seeded(13)
    whole = Heroes("all").draw(3000, generator).values
    said = whole * (torch.rand(whole.shape, generator=generator) < share)
    values = draw_values(len(said), generator, said)
    assert ((values == said) | (said == 0)).all()
    for (one, other), together in allowed().items():
        assert together[values[:, one], values[:, other]].all()


def test_a_condition_is_rendered() -> None:
    condition = {"species": "naga", "clothes colour": "blue", "main hand": "axe"}
    stack = draw(200, seeded(14), condition)
    captions = [decode(row) for row in stack.values]
    assert all(holds(caption, condition) for caption in captions)
    assert len({caption["clothes"] for caption in captions}) > 2
    assert len({tuple(cells) for cells in stack.cells.tolist()}) > 190
    variants = choose_cells(stack.values[:1].expand(100, -1), seeded(15)).cells
    assert len({tuple(cells) for cells in variants.tolist()}) > 5


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        ({"species": "dragon"}, "unknown species 'dragon'; choose from human, deep elf"),
        ({"wings": "red"}, "unknown condition 'wings'; choose from species"),
        ({"species": "naga", "boots": "red"}, "no picture shows all of this together"),
        ({"clothes": "shirt", "clothes colour": "cyan"}, "no picture shows all of this together"),
        ({"headgear colour": "grey", "hair": "red"}, "no picture shows all of this together"),
    ],
)
def test_bad_conditions_are_a_sentence(condition: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        draw(1, seeded(), condition)


def test_conditions_are_encoded_and_decoded() -> None:
    for row in Heroes("all").draw(50, seeded(16)).values:
        assert torch.equal(encode(decode(row)), row)
    assert decode(torch.zeros(len(SLOTS), dtype=torch.int64)) == {}


def test_no_pictures_at_all_are_fine() -> None:
    for split in SPLITS:
        assert Heroes(split).batch(0, seeded())[0].shape == (0, *INFO.shape)


def test_the_registry_has_them() -> None:
    data = load_data_set(DataChoice("heroes"))
    assert data.info == INFO
    assert not list(DATA_SETS["heroes"].classes())
    with pytest.raises(ValueError, match="no classes"):
        load_data_set(DataChoice("heroes", ("naga",)))
    with pytest.raises(ValueError, match="unknown split 'test'; choose from train, held-out, all"):
        Heroes("test")


def test_the_drawings_carry_their_credit() -> None:
    licence = (FILES / "LICENCE-heroes.txt").read_text()
    assert INFO.credit in licence
    assert "CC0" in licence
    assert "General Public License, version 2" in licence
    assert sum(path.stat().st_size for path in FILES.glob("heroes-*")) < 300_000


def test_words_are_clean() -> None:
    for slot in SLOTS:
        assert len(set(slot.values)) == len(slot.values)
        for value in slot.values:
            assert value.replace(" ", "").isalpha()
            assert value == value.lower()
    assert set(PLAIN) | set(COLOURED) | set(COLOUR_OF.values()) | {"background"} == set(SLOT_INDEX)
