# SPDX-License-Identifier: Apache-2.0
"""``burnish.improve``, stage by stage: read and look (scan), score, mend, prove, show (page)."""
