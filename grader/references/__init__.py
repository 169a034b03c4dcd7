"""Trusted solutions and input makers, one module for each assignment.

A reference module is read twice: imported for its makers, and as *source text*, because a
misconception is an exact edit of that text. So its functions are written in small steps, one
operation a line, and change only together with the rubric's misconception files.
"""
