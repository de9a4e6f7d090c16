"""Facts of Azure that programs which imitate it share: refusals, host names, limits, ids."""
