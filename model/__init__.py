"""The DeepSeek-V3.2 architecture in torch: sparse attention, mixture of experts, its losses.

Importing this package loads neither torch nor triton; import the module that is needed.
"""
