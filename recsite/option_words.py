"""What the options of built-in components mean, named here so that it gets into our catalogues.

Options say it in English beside their types; plug-in authors add translations of their own.
"""

from django.utils.translation import gettext_noop

HELPS = (
    gettext_noop("Width of the vectors."),
    gettext_noop("A model's id on the Hugging Face hub, or the path of its folder."),
    gettext_noop("Commit, tag or branch on the hub."),
    gettext_noop("How the vectors of tokens become one; auto: as the model says."),
    gettext_noop("Put before every query; empty: nothing; not set: as the model says."),
    gettext_noop("Put before every item text; empty: nothing; not set: as the model says."),
    gettext_noop("Longer texts are cut here; not set: as the model says."),
    gettext_noop("auto: bf16 on a GPU that has it, fp32 elsewhere."),
    gettext_noop("cpu, cuda, cuda:1 …; auto: RECSITE_DEVICE, else a GPU if there is one."),
    gettext_noop("Tokens in a batch, padding counted; not set: by device."),
    gettext_noop("Steps of a history that one transition may span."),
    gettext_noop("Weight of each further step."),
    gettext_noop("Days between the two after which a transition counts half."),
    gettext_noop("Days after which a transition as a whole counts half."),
    gettext_noop("Weight of the way back, from the later item to the earlier."),
    gettext_noop("How far popular targets are held back: 0 not, 1 in full."),
    gettext_noop("People added to every item's count: distrust of rare items."),
    gettext_noop("Neighbours kept of each item."),
    gettext_noop("Days after which an item is half as fresh."),
    gettext_noop("Items more half-lives older than the newest are not called new at all."),
    gettext_noop("Days after which an interaction counts half."),
    gettext_noop("Length of the recent window, in days."),
    gettext_noop("Earlier windows of that length to compare with."),
    gettext_noop("How much evidence a change needs: the people that speak for “nothing changed” beforehand."),
    gettext_noop("How sure the lift must be: 0.5 for its median."),
    gettext_noop("Fewest people in the recent window."),
    gettext_noop("Publish items whose lift is above this; 1 is no change."),
    gettext_noop("Added to every rank: the larger, the less the first places count for."),
    gettext_noop("min_max: a list's scores run from 0 to 1; z_score: in standard deviations above its lowest."),
    gettext_noop("Cards in a row on a wide page."),
    gettext_noop("Level of the heading in the page."),
    gettext_noop("Show the item's image where it has one."),
    gettext_noop("Say why an item is there."),
    gettext_noop("Show the item's first categories."),
)
