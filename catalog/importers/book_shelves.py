"""Which reader-made shelf names say what a book is, and what they are called as a category.

Readers also shelve by state (to-read, owned), year, format, author and series; only names listed here count.
"""

from collections.abc import Iterable

_SHELVES = """
action: action action-adventure
adventure:
africa:
alternate history: alternate-history alt-history
american history: american-history us-history
ancient history: ancient-history
angels: angels demons angels-demons angels-and-demons
animals: animals dogs horses cats
anthology: anthology anthologies
art: art art-history
arthurian legend: arthurian king-arthur
asia:
biography: biography biographies autobiography biography-memoir memoir-biography autobiographies
buddhism: buddhism
business: business management marketing entrepreneurship
children's: children childrens children-s childrens-books children-s-books kids kids-books children-s-literature
children's: childrens-literature childrens-lit children-s-lit children-books juvenile juvenile-fiction
china: china
christian: christian christian-fiction christianity faith christian-living theology
christmas: christmas holiday
civil war: civil-war
classics: classics classic classic-literature classic-fiction classic-lit modern-classics classics-to-read the-classics
comedy:
comics: comics comic comic-books comics-graphic-novels graphic-novels-comics comics-and-graphic-novels còmics cómics
coming of age: coming-of-age
contemporary: contemporary contemporary-fiction realistic-fiction realistic general-fiction
contemporary romance: contemporary-romance ya-contemporary college-romance sports-romance
cookbooks: cookbooks cookbook cooking food food-writing
crime: crime crime-fiction crime-mystery mystery-crime crime-thriller
cyberpunk:
dark: dark dark-fantasy
detective: detective detectives private-investigator
dragons:
drama: drama tragedy
dystopia: dystopia dystopian dystopias dystopian-fiction distopia distopian ya-dystopian
economics: economics economy finance
education: education teaching
epic fantasy: epic-fantasy high-fantasy
erotica: erotica erotic erotic-romance bdsm
espionage: espionage spy spies
essays: essays essay
evolution: evolution biology
fairy tales: fairy-tales fairytales fairy-tale fairytale fairy-tale-retellings folklore
faeries: fae faeries fairies
fantasy: fantasy
feminism: feminism feminist
france: france french
french literature: french-literature
friendship:
german literature: german-literature
ghosts: ghosts ghost ghost-stories
gothic: gothic gothic-fiction
graphic novels: graphic-novels graphic-novel graphic graphic-novels-and-comics
greek mythology: greek-mythology
health: health medicine medical nutrition
historical fiction: historical-fiction historical
historical romance: historical-romance regency highlander highlanders
history: history
holocaust:
horror: horror
humor: humor humour funny
india: india indian
inspirational:
ireland: ireland irish
italy: italy
japan: japan
japanese literature: japanese-literature
latin america: latin-america latin-american
leadership:
legal thriller: legal-thriller legal legal-thrillers
lgbt: lgbt lgbtq glbt queer lgbtqia
literary fiction: literary-fiction literary
magic: magic wizards
magical realism: magical-realism
manga: manga mangá mangas
mathematics: mathematics math maths
medieval:
memoir: memoir memoirs
mental health: mental-health mental-illness
middle grade: middle-grade middle-school
military: military military-fiction
music: music
mystery: mystery mysteries mystery-thriller mystery-suspense cozy-mystery
mythology: mythology myths
native american: native-american
nature: nature environment
new adult: new-adult na
noir: noir
non-fiction: non-fiction nonfiction
paranormal: paranormal supernatural
paranormal romance: paranormal-romance pnr ya-paranormal paranormal-fantasy
parenting: parenting
philosophy: philosophy existentialism
physics: physics
picture books: picture-books picture-book
pirates:
plays: plays play theatre theater
poetry: poetry poems
politics: politics political political-science
post-apocalyptic: post-apocalyptic apocalyptic apocalypse
psychology: psychology
religion: religion religious
retellings: retellings retelling
romance: romance love love-story
romantic suspense: romantic-suspense
royalty: royalty
russian literature: russian-literature russian-lit
satire: satire
science: science popular-science
science fiction: science-fiction sci-fi scifi sf
scotland:
self-help: self-help self-improvement personal-development
shapeshifters: shapeshifters shifters werewolves werewolf
short stories: short-stories short-story
slavery: slavery
sociology: sociology
space: space space-opera aliens
spirituality: spirituality spiritual
sports: sports running baseball football
steampunk: steampunk steam-punk
superheroes: superheroes superhero batman marvel dc
survival:
suspense:
technology: technology computers programming
thriller: thriller thrillers
time travel: time-travel
travel: travel
true crime: true-crime
urban fantasy: urban-fantasy
vampires: vampires vampire vamps vampire-books
victorian: victorian
war: war
western: western westerns
witches: witches witch witchcraft
women's fiction: chick-lit chicklit chic-lit women-s-fiction womens-fiction
world war ii: wwii world-war-ii ww2 world-war-2
writing: writing
young adult: young-adult ya ya-fiction young-adult-fiction teen teen-fiction ya-lit ya-books
zombies: zombies zombie
australia: australia australian
canada: canada canadian
african american: african-american
middle east: middle-east
cultural: culture
design: design
books about books: books-about-books
addiction: addiction drugs alcoholism
african literature: african-literature african-lit
american literature: american-literature american-lit american-classics americana
anthropology: anthropology
assassins: assassins assassin
astronomy: astronomy cosmology
autism: autism asperger-s aspergers
bible: bible bibles
british literature: british-literature british-lit brit-lit english-literature english-lit
chapter books: chapter-book chapter-books
civil rights: civil-rights race
computer science: computer-science
dinosaurs: dinosaurs
disability: disability disabilities
diary: diary diaries
epic poetry: epic-poetry
ethics: ethics
family: family family-saga dysfunctional-families
fashion: fashion
gardening: gardening
grief: grief death
immigration: immigration
indian literature: indian-literature indian-authors
islam: islam
italian literature: italian-literature
journalism: journalism
judaism: judaism jewish
adult fiction: adult-fiction
latin american literature: latin-american-literature
speculative fiction: speculative-fiction
boarding school: boarding-school
"""


def _read_shelves() -> dict[str, str]:
    shelves = {}
    for line in _SHELVES.strip().splitlines():
        name, _, spelled = line.partition(":")
        for shelf in spelled.split() or [name.replace(" ", "-")]:
            shelves[shelf] = name
    return shelves


CATEGORY_OF_SHELF = _read_shelves()


def pick_categories(shelves: Iterable[tuple[str, int]], *, most: int) -> tuple[str, ...]:
    """Return the categories that most readers chose, at most ``most``, of (shelf, readers) pairs.

    A category counts the readers of all its spellings; one with less than 2 % of the strongest is noise.
    """
    counts: dict[str, int] = {}
    for shelf, readers in shelves:
        category = CATEGORY_OF_SHELF.get(shelf)
        if category is not None:
            counts[category] = counts.get(category, 0) + readers
    ranked = sorted(counts, key=lambda category: (-counts[category], category))
    return tuple(category for category in ranked[:most] if counts[category] * 50 >= counts[ranked[0]])
