"""What bugs in JavaScript and TypeScript need beside what all languages share.

Their tests are found in `verifiers.code.ecmascript`, run by `envs.code.toolchains.node`.
"""
