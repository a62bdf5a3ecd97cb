"""What KnowDo can do: typed functions with an effect; `knowdo.tools.catalogue` lists the tools."""
