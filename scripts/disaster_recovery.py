#!/usr/bin/env python3
"""Hands the old command line (python scripts/disaster_recovery.py create --type full ...) to `dr`, so that existing cron jobs go on."""
import os
import shutil
import sys

DR = os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(__file__))), "bin", "dr")
if not os.access(DR, os.X_OK):
    DR = shutil.which("dr") or sys.exit("disaster_recovery.py: neither bin/dr beside scripts/ nor dr on PATH was found")
os.execv(DR, [DR, *sys.argv[1:]])
