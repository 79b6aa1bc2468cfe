# SPDX-License-Identifier: Apache-2.0
"""The report of a run: its `findings`, what of them is `shown`, and the `page` of HTML, a module for each section."""
