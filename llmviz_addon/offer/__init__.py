"""The offer: what people are told of a model before it is built.

`cards` describes a model and reads prompts for it, `estimates` says what drawing it takes. The
sidebar and the command line tell the same, since both ask here.

Nothing is imported here at module level, and no module here imports the model room, detail or numpy
before it needs them: panels are there when Blender starts, which should not wait for those.
"""
