"""The offer: everything that people are told about a model before it is built.

`cards` describes a model and reads prompts for it, `generation` says which tokens it will append,
`estimates` how much drawing it takes. The
sidebar and the command line say the same, since both ask here.

Nothing is imported here at module level, and no module here imports the rooms `model` and `detail`,
or numpy, before it needs them: the panels load when Blender starts, which should not wait for
those.
"""
