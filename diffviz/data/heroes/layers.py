"""What heroes are drawn from: which drawings show a value of a slot.

The drawings are Dungeon Crawl Stone Soup's player tiles: 766, of which those are used that a reader
of 32 × 32 pixels can name. Left out are things too small (short hair, stubble, scarves, belts),
near-twins (elf and halfling beside human, spear-like staffs, brown beside yellow), drawings of
several colours where the colour is said, and sex, which clothes hide. Variants of a thing (five
long swords) are one value. Colours were measured on the drawings, not taken from their names: the
sheet's "hood_cyan" is blue.
"""

from __future__ import annotations

# Slots of one word each: value → drawings of the layer, any of which shows it.
PLAIN: dict[str, dict[str, str]] = {
    "species": {
        "human": "human_f human_m human3_f human3_m",
        "deep elf": "deep_elf_f deep_elf_m",
        "deep dwarf": "deep_dwarf_f deep_dwarf_m",
        "orc": "orc_f orc_m",
        "lava orc": "lorc_f5 lorc_f6 lorc_m5 lorc_m6",
        "troll": "troll_f troll_m",
        "kobold": "kobold_f kobold_m",
        "gnoll": "gnoll_f gnoll_m gnoll2_f gnoll2_m",
        "minotaur": "minotaur_brown1_m minotaur_brown2_m",
        "mummy": "mummy_f mummy_m",
        "ghoul": "ghoul_m",
        "merfolk": "merfolk_water_f merfolk_water_m",
        "naga": "naga_f naga_m naga_blue_f naga_blue_m naga_lightgreen_f naga_lightgreen_m "
        "naga_red_f naga_red_m",
        "armataur": "palentonga_f palentonga_m palentonga_green_f palentonga_green_m "
        "palentonga_red_f palentonga_red_m",
        "frog": "frog_f frog_m",
        "tengu": "tengu_winged_f tengu_winged_m",
        "gargoyle": "gargoyle_f gargoyle_m gargoyle_brown_f gargoyle_brown_m",
        "red draconian": "draconian_red_f draconian_red_m",
        "gold draconian": "draconian_gold_f draconian_gold_m",
        "purple draconian": "draconian_purple_f draconian_purple_m",
        "demonspawn": "demonspawn_red_f demonspawn_red_m",
        "formicid": "formicid",
    },
    # Long hair only: it stays in sight under a hat.
    "hair": {
        "black": "elf_black long_black ribbons_black",
        "brown": "elf_brown full_brown sweep",
        "red": "elf_red long_red mountain_man part2_red",
        "white": "elf_white long_white",
        "blond": "elf_yellow long_yellow curly_yellow",
    },
    "beard": {
        "black": "full_black garibaldi_black",
        "brown": "full_brown garibaldi_brown",
        "red": "full_red garibaldi_red",
        "white": "full_white garibaldi_white",
        "blond": "full_blonde garibaldi_blonde",
    },
    "cloak": {
        "black": "black",
        "blue": "blue",
        "brown": "ratskin",
        "cyan": "cyan",
        "green": "green",
        "purple": "magenta",
        "red": "red",
        "white": "white",
    },
    "legs": {
        "black trousers": "pants_black leg_armour03 leg_armour04",
        "blue trousers": "pants_blue",
        "green trousers": "leg_armour05",
        "red trousers": "long_red",
        "white trousers": "pants_l_white",
        "blue skirt": "skirt_blue",
        "green skirt": "skirt_green",
        "red skirt": "skirt_red",
    },
    "boots": {
        "blue": "blue_gold",
        "brown": "middle_ybrown",
        "gold": "middle_gold",
        "grey": "middle_gray",
        "purple": "middle_purple",
        "red": "long_red",
        "white": "long_white",
    },
    "gloves": {
        "blue": "gauntlet_blue glove_blue",
        "brown": "glove_brown",
        "orange": "glove_orange",
        "red": "glove_red",
        "white": "glove_white",
    },
    "main hand": {
        "dagger": "dagger dagger2 dagger_slant dagger_slant2 knife",
        "long sword": "broadsword heavy_sword great_sword_slant great_sword_slant2 sword_two",
        "scimitar": "scimitar scimitar2 falchion falchion2",
        "axe": "axe_executioner axe_executioner2 battleaxe battleaxe2 broad_axe broad_axe2 "
        "war_axe war_axe2",
        "mace": "eveningstar eveningstar2 great_mace great_mace2 morningstar morningstar2",
        "flail": "flail_great flail_great2 flail_ball flail_ball2",
        "club": "giant_club_plain giant_club_spike giant_club_spike_slant club_slant",
        "spear": "spear spear2 spear_two spear_four",
        "trident": "trident trident_two trident_two2 trident_three trishula pole_forked",
        "scythe": "scythe scythe2 scythe_slant",
        "staff": "staff_large staff_mage staff_mage_two staff_mummy staff_organic staff_ruby "
        "staff_ring_blue quarterstaff_jester",
        "rod": "rod_blue rod_brown rod_emerald rod_magenta rod_forked",
        "bow": "bow bow_two bow_three great_bow",
        "crossbow": "arbalest_two arbalest_three arbalest_four triple_crossbow",
        "whip": "whip whip2 black_whip sacred_scourge_two",
    },
    "off hand": {
        "round shield": "buckler_green buckler_rb buckler_round buckler_round2 buckler_round3 "
        "buckler_spiral",
        "kite shield": "kite_shield_kite1 kite_shield_kite2 kite_shield_kite3 kite_shield_kite4 "
        "kite_shield_knight_blue kite_shield_knight_gray kite_shield_knight_rw",
        "tower shield": "tower_shield_gold tower_shield_green tower_shield_long_red "
        "tower_shield_quartered tower_shield_spiral tower_shield_teal",
        "orb": "orb1 orb2 orb3",
        "book": "book_black book_blue book_cyan book_green book_magenta book_red book_sky "
        "book_white book_yellow",
        "lantern": "lantern",
        "torch": "torch",
    },
}
# Slots whose colour is a slot of its own: value → colour → drawings. A value under the colour ""
# comes in no colour that could be chosen, and of that none is said.
COLOURED: dict[str, dict[str, dict[str, str]]] = {
    "clothes": {
        "robe": {
            "black": "robe_black",
            "blue": "robe_blue robe_blue_white",
            "brown": "robe_brown2 robe_brown3",
            "cyan": "robe_cyan",
            "green": "robe_green vines",
            "purple": "robe_purple",
            "red": "robe_red robe_red2 robe_red_gold",
            "white": "robe_white robe_white2",
            "yellow": "robe_yellow",
        },
        "shirt": {
            "black": "shirt_black3",
            "blue": "shirt_blue",
            "green": "green_chain green_susp",
            "red": "leather_red",
            "white": "shirt_white1 shirt_white2 shirt_white3",
        },
        "leather armour": {"brown": "leather_armour leather_armour2", "red": "leather_armour3"},
        "chain mail": {"grey": "scalemail_light"},
        "plate armour": {
            "black": "bplate_metal1",
            "blue": "crystal_plate3",
            "cyan": "crystal_plate2",
            "grey": "plate crystal_plate",
            "orange": "orange_crystal talos",
        },
        "dragon armour": {
            "black": "dragonarm_shadow",
            "blue": "dragonarm_blue",
            "cyan": "dragonarm_cyan",
            "grey": "dragonarm_white",
            "red": "dragonarm_red",
            "white": "dragonarm_pearl",
            "yellow": "dragonarm_gold dragonarm_yellow",
        },
        "animal skin": {"": "animal_skin"},
    },
    "headgear": {
        "wizard hat": {
            "black": "wizard_blackgold wizard_blackred",
            "blue": "wizard_blue",
            "brown": "wizard_brown",
            "green": "wizard_darkgreen wizard_lightgreen",
            "purple": "wizard_purple",
            "red": "wizard_red",
            "white": "wizard_white",
        },
        "feathered hat": {
            "blue": "feather_blue",
            "green": "feather_green",
            "red": "feather_red",
            "white": "feather_white",
            "yellow": "feather_yellow",
        },
        "hood": {
            "blue": "hood_cyan",
            "green": "hood_green2",
            "grey": "hood_gray",
            "orange": "hood_orange",
            "purple": "hood_purple",
            "red": "hood_red",
        },
        "turban": {"orange": "turban_brown", "purple": "turban_purple", "white": "turban_white"},
        "crown": {"": "crown_gold1 crown_gold2 crown_gold3"},
        "horned helmet": {"": "viking_brown1 viking_brown2 viking_gold"},
        "full helmet": {"": "iron2 iron3 fhelm_gray3 full_black full_gold"},
        "plumed helmet": {"": "helm_plume"},
        "straw hat": {"": "straw"},
        "jester cap": {"": "clown1 clown2"},
        "pumpkin": {"": "pumpkin"},
    },
}
BACKGROUNDS = {"grey": "#7c879c", "blue": "#a9cdea", "green": "#a9c69a", "sand": "#e3d3ae"}
# From the back to the front: layer of the sheet → slot that chooses the drawing.
LAYERS = {
    "cloak": "cloak",
    "species": "species",
    "legs": "legs",
    "boots": "boots",
    "body": "clothes",
    "gloves": "gloves",
    "hair": "hair",
    "beard": "beard",
    "headgear": "headgear",
    "main_hand": "main hand",
    "off_hand": "off hand",
}
# Horns are no hat: a minotaur's grow with it, whatever the sheet's layers say.
GROWN = {"minotaur_brown1_m": "horns3", "minotaur_brown2_m": "horns3"}
