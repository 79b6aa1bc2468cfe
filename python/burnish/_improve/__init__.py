# SPDX-License-Identifier: Apache-2.0
"""``burnish.improve``: `improve` runs the stages in a row, each of which takes what those before it found.

- Read: `scan` decodes each image once, `scan_summary` says what is there.
- Describe: `embed` chooses between `backbone` (a pretrained network), `patches` and pixels; `given_features` takes a
  user's own instead; `repeats` finds what shows the same.
- Score: `score`, by the light model of `linear` in cross-validation, or by a user's own `predictions`.
- Mend: `mend` makes `proposals`, believing the model as far as `evidence` says; `fill` says how much is added to rare
  classes, and between which features; `copies` varies images.
- Prove: `prove` trains with and without the changes on the parts of `held_out`; a `proof` says what that shows.
- Show and write: `summary` for a terminal, `tables` for pandas and Parquet, `page` for a browser, `apply` for the
  improved set with its `manifest`, `feature_rows` for the same as features; `place` says where they may go.

`options` and `progress` are what all take; `given` reads tables that a user gives; `rows` gives some rows of an array
that may be larger than memory; `store` keeps what each stage made; `truth` counts how much was found of what is known
to be wrong.
"""
