"""What recurrent networks are used for: one application per file, on `rnnlib.layers`.

Time comes first, (T, B, …); sequences of unequal length are filled up at their end, and
lengths (B,) int64 say where each one ends. The same code runs on CPU and CUDA.
"""

from rnnlib.models.attention import AdditiveAttention, DotAttention
from rnnlib.models.char_lm import (
    CharLM,
    Chunk,
    TruncatedBPTT,
    bits_per_character,
    corpus_chunks,
    sample,
)
from rnnlib.models.classifier import SequenceClassifier
from rnnlib.models.ctc import CTCRecognizer, ctc_loss
from rnnlib.models.ctc_decoding import collapse, ctc_beam, ctc_greedy
from rnnlib.models.forecaster import Forecaster
from rnnlib.models.masks import length_mask, masked_cross_entropy
from rnnlib.models.metrics import accuracy, average_precision, bleu, exact_match, rmse
from rnnlib.models.search import Hypothesis, beam_search, greedy_search
from rnnlib.models.seq2seq import Seq2Seq

__all__ = [
    "AdditiveAttention",
    "CTCRecognizer",
    "CharLM",
    "Chunk",
    "DotAttention",
    "Forecaster",
    "Hypothesis",
    "Seq2Seq",
    "SequenceClassifier",
    "TruncatedBPTT",
    "accuracy",
    "average_precision",
    "beam_search",
    "bits_per_character",
    "bleu",
    "collapse",
    "corpus_chunks",
    "ctc_beam",
    "ctc_greedy",
    "ctc_loss",
    "exact_match",
    "greedy_search",
    "length_mask",
    "masked_cross_entropy",
    "rmse",
    "sample",
]
