import logging

from sktsad import TorchClassifier
from sktsad.neural._training._messages import say

MODEL = TorchClassifier(verbose=1, early_stopping=1, validation_fraction=0.3, max_epochs=30, random_state=0)


def test_lines_are_printed_where_no_log_takes_them(capsys):
    say("a line")
    assert capsys.readouterr().out == "a line\n"


def test_a_log_of_information_has_every_line_of_a_training_and_the_screen_none(capsys, caplog):
    caplog.set_level(logging.INFO, "sktsad")
    MODEL.fit([[i % 2 - 0.5] for i in range(40)], [i % 2 for i in range(40)])
    assert capsys.readouterr().out == ""
    lines = [record.getMessage() for record in caplog.records]
    assert {record.name for record in caplog.records} == {"sktsad"}
    assert "train_loss" in lines[0] and lines[1].startswith("-------")


def test_silence_stays_silence(capsys, caplog):
    caplog.set_level(logging.INFO)
    TorchClassifier(max_epochs=1).fit([[0.0], [1.0]], [0, 1])
    assert capsys.readouterr() == ("", "") and not [r for r in caplog.records if r.name == "sktsad"]
