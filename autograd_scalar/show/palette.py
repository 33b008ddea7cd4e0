"""The colours of classes, which plots, pages and pictures of networks share."""

#: Okabe and Ito's palette, distinguishable with colour blindness, and two more. Class k of a data set has colour k;
#: negative numbers have the first, as class 0, and positive ones the second.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f", "#b8a800")
