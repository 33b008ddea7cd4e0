declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)
define i64 @kernel(i64 %rows, ptr noalias %columns, ptr noalias %strides, ptr noalias %shared, ptr noalias %outs, ptr noalias %sums, ptr noalias %flags, ptr noalias %scratch) {
entry:
  %some = icmp sgt i64 %rows, 0
  %failures = alloca i64
  store i64 0, ptr %failures
  call void @llvm.memset.p0.i64(ptr %scratch, i8 0, i64 320, i1 false)
  %t2 = load double, ptr %shared
  %v1 = getelementptr double, ptr %shared, i64 1
  %t3 = load double, ptr %v1
  br i1 %some, label %yes2, label %no3
yes2:
  %v5 = load ptr, ptr %columns
  %v6 = load i64, ptr %strides
  %v7 = getelementptr double, ptr %columns, i64 1
  %v8 = load ptr, ptr %v7
  %v9 = getelementptr double, ptr %strides, i64 1
  %v10 = load i64, ptr %v9
  %v11 = sub i64 %rows, 1
  %v12 = add i64 %rows, 3
  %v13 = udiv i64 %v12, 4
  br label %loop14
loop14:
  %i16 = phi i64 [ 0, %yes2 ], [ %i17, %loop14 ]
  %v18 = mul i64 %i16, 4
  %v19 = sub i64 %rows, %v18
  %v20 = add i64 %v18, 0
  %v21 = icmp slt i64 %v20, %rows
  %v22 = select i1 %v21, i64 %v20, i64 %v11
  %v23 = add i64 %v18, 1
  %v24 = icmp slt i64 %v23, %rows
  %v25 = select i1 %v24, i64 %v23, i64 %v11
  %v26 = add i64 %v18, 2
  %v27 = icmp slt i64 %v26, %rows
  %v28 = select i1 %v27, i64 %v26, i64 %v11
  %v29 = add i64 %v18, 3
  %v30 = icmp slt i64 %v29, %rows
  %v31 = select i1 %v30, i64 %v29, i64 %v11
  %v32 = mul i64 %v22, %v6
  %v33 = getelementptr i8, ptr %v5, i64 %v32
  %v34 = load double, ptr %v33
  %v35 = insertelement <4 x double> poison, double %v34, i32 0
  %v36 = mul i64 %v25, %v6
  %v37 = getelementptr i8, ptr %v5, i64 %v36
  %v38 = load double, ptr %v37
  %v39 = insertelement <4 x double> %v35, double %v38, i32 1
  %v40 = mul i64 %v28, %v6
  %v41 = getelementptr i8, ptr %v5, i64 %v40
  %v42 = load double, ptr %v41
  %v43 = insertelement <4 x double> %v39, double %v42, i32 2
  %v44 = mul i64 %v31, %v6
  %v45 = getelementptr i8, ptr %v5, i64 %v44
  %v46 = load double, ptr %v45
  %t0 = insertelement <4 x double> %v43, double %v46, i32 3
  %v47 = mul i64 %v22, %v10
  %v48 = getelementptr i8, ptr %v8, i64 %v47
  %v49 = load double, ptr %v48
  %v50 = insertelement <4 x double> poison, double %v49, i32 0
  %v51 = mul i64 %v25, %v10
  %v52 = getelementptr i8, ptr %v8, i64 %v51
  %v53 = load double, ptr %v52
  %v54 = insertelement <4 x double> %v50, double %v53, i32 1
  %v55 = mul i64 %v28, %v10
  %v56 = getelementptr i8, ptr %v8, i64 %v55
  %v57 = load double, ptr %v56
  %v58 = insertelement <4 x double> %v54, double %v57, i32 2
  %v59 = mul i64 %v31, %v10
  %v60 = getelementptr i8, ptr %v8, i64 %v59
  %v61 = load double, ptr %v60
  %t1 = insertelement <4 x double> %v58, double %v61, i32 3
  %v62 = insertelement <4 x double> poison, double %t2, i32 0
  %v63 = shufflevector <4 x double> %v62, <4 x double> poison, <4 x i32> zeroinitializer
  %t4 = fmul <4 x double> %v63, %t0
  %v64 = insertelement <4 x double> poison, double %t3, i32 0
  %v65 = shufflevector <4 x double> %v64, <4 x double> poison, <4 x i32> zeroinitializer
  %t5 = fadd <4 x double> %t4, %v65
  %t6 = fsub <4 x double> %t5, %t1
  %t7 = fmul <4 x double> %t6, %t6
  %t8 = fadd <4 x double> %t6, %t6
  %t9 = fneg <4 x double> %t8
  %t10 = fmul <4 x double> %t0, %t8
  %t11 = fmul <4 x double> %v63, %t8
  %t13 = fadd <4 x double> %t11, <double 0x0000000000000000, double 0x0000000000000000, double 0x0000000000000000, double 0x0000000000000000>
  %t14 = fadd <4 x double> %t9, <double 0x0000000000000000, double 0x0000000000000000, double 0x0000000000000000, double 0x0000000000000000>
  %t15 = fadd <4 x double> %t10, <double 0x0000000000000000, double 0x0000000000000000, double 0x0000000000000000, double 0x0000000000000000>
  %t16 = fadd <4 x double> %t8, <double 0x0000000000000000, double 0x0000000000000000, double 0x0000000000000000, double 0x0000000000000000>
  %v66 = icmp slt i64 %v19, 4
  %v67 = getelementptr double, ptr %scratch, i64 20
  %v68 = select i1 %v66, ptr %v67, ptr %scratch
  %v69 = load <4 x double>, ptr %v68, align 8
  %v70 = fadd <4 x double> %v69, %t7
  store <4 x double> %v70, ptr %v68, align 8
  %v71 = getelementptr double, ptr %v68, i64 4
  %v72 = load <4 x double>, ptr %v71, align 8
  %v73 = fadd <4 x double> %v72, %t11
  store <4 x double> %v73, ptr %v71, align 8
  %v74 = getelementptr double, ptr %v68, i64 8
  %v75 = load <4 x double>, ptr %v74, align 8
  %v76 = fadd <4 x double> %v75, %t9
  store <4 x double> %v76, ptr %v74, align 8
  %v77 = getelementptr double, ptr %v68, i64 12
  %v78 = load <4 x double>, ptr %v77, align 8
  %v79 = fadd <4 x double> %v78, %t10
  store <4 x double> %v79, ptr %v77, align 8
  %v80 = getelementptr double, ptr %v68, i64 16
  %v81 = load <4 x double>, ptr %v80, align 8
  %v82 = fadd <4 x double> %v81, %t8
  store <4 x double> %v82, ptr %v80, align 8
  %i17 = add nuw nsw i64 %i16, 1
  %v83 = icmp slt i64 %i17, %v13
  br i1 %v83, label %loop14, label %end15
end15:
  br label %loop84
loop84:
  %i86 = phi i64 [ 0, %end15 ], [ %i87, %end91 ]
  %v88 = mul i64 %i86, 4
  %v89 = getelementptr double, ptr %scratch, i64 %v88
  br label %loop90
loop90:
  %i92 = phi i64 [ 0, %loop84 ], [ %i93, %loop90 ]
  %c94 = phi double [ 0x0000000000000000, %loop84 ], [ %v97, %loop90 ]
  %v95 = getelementptr double, ptr %v89, i64 %i92
  %v96 = load double, ptr %v95
  %v97 = fadd double %c94, %v96
  %i93 = add nuw nsw i64 %i92, 1
  %v98 = icmp slt i64 %i93, 4
  br i1 %v98, label %loop90, label %end91
end91:
  %v99 = getelementptr double, ptr %scratch, i64 %i86
  store double %v97, ptr %v99
  %i87 = add nuw nsw i64 %i86, 1
  %v100 = icmp slt i64 %i87, 5
  br i1 %v100, label %loop84, label %end85
end85:
  %v101 = urem i64 %rows, 4
  %v102 = icmp ne i64 %v101, 0
  br i1 %v102, label %yes103, label %no104
yes103:
  br label %loop106
loop106:
  %i108 = phi i64 [ 0, %yes103 ], [ %i109, %end116 ]
  %v110 = getelementptr double, ptr %scratch, i64 %i108
  %v111 = getelementptr double, ptr %scratch, i64 20
  %v112 = mul i64 %i108, 4
  %v113 = getelementptr double, ptr %v111, i64 %v112
  %v114 = load double, ptr %v110
  br label %loop115
loop115:
  %i117 = phi i64 [ 0, %loop106 ], [ %i118, %loop115 ]
  %c119 = phi double [ %v114, %loop106 ], [ %v122, %loop115 ]
  %v120 = getelementptr double, ptr %v113, i64 %i117
  %v121 = load double, ptr %v120
  %v122 = fadd double %c119, %v121
  %i118 = add nuw nsw i64 %i117, 1
  %v123 = icmp slt i64 %i118, %v101
  br i1 %v123, label %loop115, label %end116
end116:
  store double %v122, ptr %v110
  %i109 = add nuw nsw i64 %i108, 1
  %v124 = icmp slt i64 %i109, 5
  br i1 %v124, label %loop106, label %end107
end107:
  br label %end105
no104:
  br label %end105
end105:
  br label %end4
no3:
  br label %end4
end4:
  %v125 = sitofp i64 %rows to double
  %v126 = load double, ptr %scratch
  store double %v126, ptr %sums
  %v127 = getelementptr double, ptr %scratch, i64 1
  %v128 = load double, ptr %v127
  %v129 = fmul double 0x0000000000000000, %v125
  %v130 = fadd double %v128, %v129
  %v131 = getelementptr double, ptr %sums, i64 1
  store double %v130, ptr %v131
  %v132 = getelementptr double, ptr %scratch, i64 2
  %v133 = load double, ptr %v132
  %v134 = fmul double 0x0000000000000000, %v125
  %v135 = fadd double %v133, %v134
  %v136 = getelementptr double, ptr %sums, i64 2
  store double %v135, ptr %v136
  %v137 = getelementptr double, ptr %scratch, i64 3
  %v138 = load double, ptr %v137
  %v139 = fmul double 0x0000000000000000, %v125
  %v140 = fadd double %v138, %v139
  %v141 = getelementptr double, ptr %sums, i64 3
  store double %v140, ptr %v141
  %v142 = getelementptr double, ptr %scratch, i64 4
  %v143 = load double, ptr %v142
  %v144 = fmul double 0x0000000000000000, %v125
  %v145 = fadd double %v143, %v144
  %v146 = getelementptr double, ptr %sums, i64 4
  store double %v145, ptr %v146
  %v147 = load i64, ptr %failures
  ret i64 %v147
}
