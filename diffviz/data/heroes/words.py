"""The words for heroes: what names a value of a slot, beside the value itself.

A plain word stands for the commonest thing of its kind ("sword": a long sword), a thing without its
colour for one in a usual colour ("a cloak": a red one), so that what was asked for is there.
"""

from __future__ import annotations

from diffviz.data.heroes.layers import COLOURED, PLAIN
from diffviz.data.heroes.rules import COLOUR_OF
from diffviz.data.language import NONE, Noun, split

SYNONYMS: dict[str, dict[str, str]] = {
    "species": {
        "human": "man, woman, men, women, person, people, boy, girl",
        "deep elf": "elf, elven, elvish, elfin",
        "deep dwarf": "dwarf, dwarven, dwarfish",
        "orc": "orcish, ork",
        "lava orc": "fire orc, lava, lava person, molten orc",
        "troll": "trollish",
        "gnoll": "hyena, hyena person",
        "minotaur": "bull, bull person",
        "mummy": "mummified",
        "ghoul": "zombie, undead, ghoulish",
        "merfolk": "mermaid, merman, mermen, merperson, fish person",
        "naga": "snake, snake person, snakelike, serpent",
        "armataur": "palentonga, armadillo",
        "frog": "toad, frog person, barachi",
        "tengu": "bird, bird person, birdman, crow person",
        "gargoyle": "stone demon",
        "demonspawn": "demon, devil, demonic",
        "formicid": "ant, ant person",
    },
    "clothes": {
        "robe": "robed, gown, wizard robe, mage robe, sorcerer robe, monk robe",
        "shirt": "tunic, t shirt, tshirt",
        "leather armour": "leather, leather suit",
        "chain mail": "chainmail, chain armour, scale mail",
        "plate armour": "plate mail, armour, armoured, knight armour, breastplate",
        "dragon armour": "dragon scale, dragon scale armour, scale armour, dragon scale mail",
        "animal skin": "fur, pelt, animal hide",
    },
    "headgear": {
        "wizard hat": "hat, mage hat, sorcerer hat, witch hat, pointed hat, pointy hat",
        "feathered hat": "feather hat, feather cap, hat with a feather, plumed hat",
        "hood": "hooded, cowl",
        "turban": "turbaned",
        "crown": "crowned, gold crown, golden crown, diadem",
        "horned helmet": "viking helmet, helmet with horns, horned helm, viking helm",
        "full helmet": "helmet, helm, closed helmet, iron helmet, steel helmet, full helm",
        "plumed helmet": "plumed helm, red plumed helmet, crested helmet, helmet with a plume",
        "straw hat": "farmer hat",
        "jester cap": "jester hat, clown hat, fool cap, cap and bells, clown cap",
        "pumpkin": "pumpkin head, jack o lantern",
    },
    "main hand": {
        "dagger": "knife, knives",
        "long sword": "sword, longsword, broadsword, blade, great sword, greatsword",
        "scimitar": "sabre, saber, falchion, curved sword",
        "axe": "ax, battle axe, battleaxe, war axe, waraxe, broad axe",
        "mace": "hammer, warhammer, war hammer, morningstar, morning star",
        "flail": "ball and chain",
        "club": "cudgel",
        "spear": "lance, pike, javelin",
        "trident": "pitchfork",
        "staff": "staves, wizard staff, mage staff, walking stick, magic staff",
        "rod": "wand, magic wand, sceptre, scepter",
        "bow": "longbow, long bow, bow and arrow",
        "crossbow": "arbalest, cross bow",
    },
    "off hand": {
        "round shield": "shield, buckler, small shield",
        "kite shield": "knight shield",
        "tower shield": "large shield, big shield, great shield",
        "orb": "ball, crystal ball, magic ball, sphere, magic orb",
        "book": "spellbook, spell book, tome, grimoire, book of spells, magic book",
        "lantern": "lamp",
        "torch": "burning torch",
    },
}
# Words that want a colour.
DYED = {
    "hair": Noun(colours="hair", usual="brown", empties="hair"),
    "haired": Noun(colours="hair", usual="brown", empties="hair"),
    "beard": Noun(colours="beard", usual="brown", empties="beard"),
    "bearded": Noun(colours="beard", usual="brown", empties="beard"),
    "cloak": Noun(colours="cloak", usual="red", empties="cloak"),
    "cape": Noun(colours="cloak", usual="red", empties="cloak"),
    "trousers": Noun(colours="legs", pattern="{} trousers", usual="blue trousers", empties="legs"),
    "pants": Noun(colours="legs", pattern="{} trousers", usual="blue trousers", empties="legs"),
    "leggings": Noun(colours="legs", pattern="{} trousers", usual="blue trousers", empties="legs"),
    "skirt": Noun(colours="legs", pattern="{} skirt", usual="red skirt", empties="legs"),
    "boots": Noun(colours="boots", usual="brown", empties="boots"),
    "shoes": Noun(colours="boots", usual="brown", empties="boots"),
    "gloves": Noun(colours="gloves", usual="brown", empties="gloves"),
    "gauntlets": Noun(colours="gloves", usual="brown", empties="gloves"),
    "background": Noun(colours="background"),
    "backdrop": Noun(colours="background"),
    "draconian": Noun(colours="species", pattern="{} draconian", usual="red draconian"),
    "dragon": Noun(colours="species", pattern="{} draconian", usual="red draconian"),
    "dragonborn": Noun(colours="species", pattern="{} draconian", usual="red draconian"),
    "lizard": Noun(colours="species", pattern="{} draconian", usual="red draconian"),
    "clothes": Noun(colours="clothes colour", empties="clothes"),
    "clothing": Noun(colours="clothes colour", empties="clothes"),
    "headgear": Noun(colours="headgear colour", empties="headgear"),
    "weapon": Noun(empties="main hand"),
}
EMPTY = {
    "bald": "hair",
    "hairless": "hair",
    "beardless": "beard",
    "shaven": "beard",
    "naked": "clothes",
    "bare chested": "clothes",
    "unclothed": "clothes",
    "bare legged": "legs",
    "barefoot": "boots",
    "bare feet": "boots",
    "bare hands": "gloves",
    "bareheaded": "headgear",
    "bare headed": "headgear",
    "hatless": "headgear",
    "unarmed": "main hand",
    "nothing in the main hand": "main hand",
    "nothing in the off hand": "off hand",
}
# Words of colour, and the names of it that a slot may have; the first that there is counts.
_COLOURS = {
    "black": "black",
    "blue azure navy": "blue",
    "brown": "brown",
    "cyan turquoise teal aqua": "cyan",
    "green emerald": "green",
    "grey gray silver steel iron": "grey white",
    "orange": "orange",
    "ginger": "orange red",
    "purple violet magenta lilac": "purple",
    "red crimson scarlet ruby": "red",
    "sand sandy": "sand",
    "white": "white",
    "yellow": "yellow gold blond sand",
    "gold golden": "gold yellow blond",
    "blond blonde": "blond yellow gold",
}
COLOURS = {word: names.split() for words, names in _COLOURS.items() for word in words.split()}
FILLERS = frozenset(
    split(
        "a an the some any this that these one who which it he she they his her its their him "
        "has have having had is are be being in on of at to from over under around by for against "
        "wear wears wearing worn dressed clad hold holds holding carry carries carrying armed "
        "wield wields wielding bear bears bearing hand hands left right main off other head feet "
        "back plain please draw show me i want would like make picture image drawing pixel art "
        "character hero heroes figure someone somebody colour color coloured colored"
    )
)


def nouns() -> dict[str, Noun]:
    """Everything that can be named, by its words; a value's own name is one of them."""
    table = dict(DYED)
    for words, slot in EMPTY.items():
        table[words] = Noun(says={slot: NONE})
    for slot, synonyms in SYNONYMS.items():
        empties = "" if slot == "species" else slot
        for value in COLOURED.get(slot, PLAIN.get(slot, {})):
            noun = Noun(says={slot: value}, colours=COLOUR_OF.get(slot, ""), empties=empties)
            for words in (value, *filter(None, synonyms.get(value, "").split(", "))):
                table[words] = noun
                table[words.replace("armour", "armor")] = noun
    return table
