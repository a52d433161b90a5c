print("pithledger")
