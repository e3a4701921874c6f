"""What 特定健診 results mean: thresholds by examination date, levels, questionnaire, cross-checks.

Pure: frames in, frames out; columns are those of ``checkup_results`` as text, and ``sex`` joined by the caller.
Does not belong here: reading files, choosing among several method codes (the reader's business), gates and reports.
"""

from kansho.health.checks import Comparison, bmi_matches, compare, sampling_agrees, systolic_above_diastolic
from kansho.health.judging import REASONS, judge, require_term, result_flags, why_unjudged
from kansho.health.levels import GUIDANCE_LEVELS, METABOLIC_LEVELS, guidance_level, metabolic_level
from kansho.health.questionnaire import QUESTIONS, decode_questionnaire
from kansho.health.terms import JUDGED_ITEMS, TERMS, fiscal_year_of, term_of
from kansho.health.values import at_limit

__all__ = [
    "GUIDANCE_LEVELS",
    "JUDGED_ITEMS",
    "METABOLIC_LEVELS",
    "QUESTIONS",
    "REASONS",
    "TERMS",
    "Comparison",
    "at_limit",
    "bmi_matches",
    "compare",
    "decode_questionnaire",
    "fiscal_year_of",
    "guidance_level",
    "judge",
    "metabolic_level",
    "require_term",
    "result_flags",
    "sampling_agrees",
    "systolic_above_diastolic",
    "term_of",
    "why_unjudged",
]
