"""Words that turn up in most English texts: their presence says nothing about where a pattern could match."""

from __future__ import annotations

import re
from typing import Final

COMMON_WORDS: Final = frozenset(
    re.findall(
        r"\w+",
        """
        about above access according act acts add added address after again against age ago agree air album all almost
        along also although always among amount and another answer answers any anyone anything are area around art
        article ask asked asking assistant away back bad band base based because become been before began begin behind
        being below best better between big black body book books both box boy break bring british brought build but buy
        call called came can car card care case cause causes change changes check child children choose city class clear
        close code color come comes coming common company complete consider contain contains content context continue
        copy cost could country course create created credit cut data date day days deal decide describe describes
        description detail details did different direct does doing don done door down draw drive due during each early
        earth easy eat economic either else end ends energy english enough enter etc even ever every everyone everything
        example examples except explain eye face fact fall false family far fast father feel feet few field file files
        fill film final find first five follow followed following follows food for force form found four free friend
        from front full function game gave general get gets getting girl give given gives giving global going gone good
        got government great green ground group grow had half hand hands happen hard has have having head hear heard
        help her here high highest him his history hold home hope hour hours house how however human hundred idea image
        important include included includes including increase information input inside instead interest into issue item
        items its job john just keep kept key kind king know known label land language large last late later lead learn
        least leave led left less let letter level life light like limit line link list listed little live lives living
        local location long look looking lose lost lot love low made main make makes making man many mark market matter
        may mean means meant member men message method middle might mind minute miss mode model money month months more
        most mother move movie much music must name named names national near need needs never new news next night no
        non none nor not note nothing now number numbers off offer office often old once one only open option options
        order other others our out output outside over own page paper paragraph parent part parts party pass passage
        past pay people perform period person phrase phrases picture piece place plan play please point policy position
        possible post power present press previous price print private problem process produce product production
        program provide provided public purpose put question questions quite quote range rather read reading real
        really reason receive record red refer related release released reply report request research rest result
        results return review right room rule rules run said same saw say saying says school science sea season second
        section see seem seen sell send sense sent sentence sentences series service set several share she short should
        show shown shows side similar simple since single site situation six size small social some someone something
        sometimes song soon sort sound south special specific speech staff stand start started state states stay step
        still stop store stories story strong student students study stuff style subject such suggest summary sun
        support supposed sure surface system table take taken talk team tell text than thank thanks that the their them
        then there these they thing things think third this those though thought three through time times title titled
        today together told too took tool tools top topic total town travel true try trying turn two type understand
        unit united until upon use used user users uses using usually value very view visit wait walk want war was water
        way web week well went were what when where whether which while white who whole whom whose why will with within
        without woman word words work world would write writing written wrote year years yes yet you young your
        ing ion ter ent tion est age ist que uit was wat die der les des ver pre con
        """,
    )
)
