"""The base's tokenizer with the markers of DeepSeek-V3.2's chat encoding, one token each.

They take the places of special tokens that the base reserves for source files and never meets in a
chat, so the vocabulary keeps its size and every other id its meaning. What a reader of the text must
see (thinking, tool calls) is not declared special: detokenising keeps it.
"""

from model.base import Base

HIDDEN = {
    "<repo_name>": "<｜begin▁of▁sentence｜>",
    "<reponame>": "<｜end▁of▁sentence｜>",
    "<file_sep>": "<｜User｜>",
    "<filename>": "<｜Assistant｜>",
}
"""Reserved tokens of the base, and the markers that no reader of a reply needs."""
SHOWN = {"<gh_stars>": "<think>", "<issue_start>": "</think>", "<issue_comment>": "｜DSML｜"}
"""Likewise, for the markers that structure a reply."""
BOS, EOS = HIDDEN["<repo_name>"], HIDDEN["<reponame>"]


def renamed(source: Base) -> Base:
    """`source` with the markers in its vocabulary, and the encoding's end of a reply as its own."""
    new = {**HIDDEN, **SHOWN}
    vocabulary = [new.get(token, token) for token in source.vocabulary]
    ids = {"bos_token_id": vocabulary.index(BOS), "eos_token_id": vocabulary.index(EOS)}
    ids["pad_token_id"] = ids["eos_token_id"]
    return source._replace(vocabulary=vocabulary, config={**source.config, **ids})
